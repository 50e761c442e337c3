package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// tools is a PATH with these programs and no others.
func tools(t *testing.T, names ...string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err == nil {
			err = os.Symlink(path, filepath.Join(folder, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return "PATH=" + folder
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	port := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
	root := checkout(t) // where npm has installed nothing
	run := build(t, root)
	wrong := t.TempDir()
	copyFile(t, "../template.yaml", filepath.Join(wrong, "template.yaml"))
	edit(t, wrong, "template.yaml", "rate(15 minutes)", "rate(15 minute)")
	broken := t.TempDir()
	copyFile(t, "../template.yaml", filepath.Join(broken, "template.yaml"))
	edit(t, broken, "template.yaml", "Transform: ", "Transform: [")
	for name, tc := range map[string]struct {
		folder  string
		command []string
		env     []string
		says    []string
	}{
		"a port that is taken":         {root, []string{run}, []string{"PORT=" + port}, []string{"port " + port + " is taken", "PORT="}},
		"a port that is no number":     {root, []string{run}, []string{"PORT=http"}, []string{`PORT is "http"`}},
		"another folder":               {t.TempDir(), []string{run}, nil, []string{"top folder of the repository"}},
		"no database":                  {root, []string{run}, []string{"PORT=0"}, []string{"the local DynamoDB is not installed", "npm ci", "DYNAMODB_ENDPOINT"}},
		"no npm":                       {root, []string{"make", "run"}, []string{tools(t, "make", "bash", "sed")}, []string{"npm is missing", "DYNAMODB_ENDPOINT"}},
		"no Chromium":                  {root, []string{"make", "chromium"}, []string{tools(t, "make", "bash", "id")}, []string{"Chromium", "apt-get install chromium-headless-shell"}},
		"a schedule that is none":      {wrong, []string{run}, nil, []string{"Day One cannot run: template.yaml:", `.EveryQuarterHour: "rate(15 minute)"`}},
		"a template that is not YAML":  {broken, []string{run}, nil, []string{"Day One cannot run: template.yaml:"}},
		"a word it does not know":      {root, []string{run, "sing"}, nil, []string{"cannot serve"}},
		"a template that is not there": {filepath.Join(root, "local"), []string{run}, nil, []string{"template.yaml", "top folder"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, err := exec.LookPath(tc.command[0])
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), path, tc.command[1:]...)
			cmd.Dir, cmd.Env = tc.folder, append(append(os.Environ(), "DYNAMODB_ENDPOINT=", "FRESH="), tc.env...)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Error("it runs")
			}
			for _, words := range tc.says {
				if !strings.Contains(string(out), words) {
					t.Errorf("it does not say %q: %s", words, out)
				}
			}
		})
	}
}
