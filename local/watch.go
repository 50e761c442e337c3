package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// print is how a file is known to have been saved.
type print struct {
	at   time.Time
	size int64
}

// watched are the files below a folder that a server is made of, as they were when somebody looked last.
type watched struct {
	root  string
	files map[string]print
}

func watch(root string) *watched { return &watched{root, look(root)} }

// saved are the files that have been written, added or taken away since it was asked before, by name.
func (w *watched) saved() []string {
	now := look(w.root)
	var saved []string
	for name, p := range now {
		if w.files[name] != p {
			saved = append(saved, name)
		}
	}
	for name := range w.files {
		if _, there := now[name]; !there {
			saved = append(saved, name)
		}
	}
	w.files = now
	slices.Sort(saved)
	return saved
}

// look asks the file system, which takes some milliseconds. A file that comes and goes meanwhile is seen the next time.
func look(root string) map[string]print {
	files := map[string]print{}
	add := func(path string) {
		name, err := filepath.Rel(root, path)
		info, no := os.Stat(path)
		if err == nil && no == nil {
			files[name] = print{info.ModTime(), info.Size()}
		}
	}
	for _, name := range []string{"template.yaml", "go.mod", "go.sum"} {
		add(filepath.Join(root, name))
	}
	for _, folder := range []string{"functions", "shared", "local"} {
		_ = filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return nil
			case d.IsDir():
				if slices.Contains([]string{"node_modules", "testdata", "target"}, d.Name()) {
					return filepath.SkipDir
				}
				return nil
			case strings.HasSuffix(path, "_test.go") || !slices.Contains([]string{".go", ".html", ".json", ".css", ".js", ".txt"}, filepath.Ext(path)):
				return nil
			}
			add(path)
			return nil
		})
	}
	return files
}
