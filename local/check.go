package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"text/template/parse"

	"dayone/local/cloud"
)

// check says what would keep a server from running, or from showing its pages.
func check() error { return errors.Join(cloud.Check(config(slog.Default())), checkPages(".")) }

// checkPages says which pages are no templates, with file and line. Functions would say so when somebody asks for the page.
func checkPages(root string) error {
	var wrong error
	for name := range look(root) {
		if filepath.Ext(name) != ".html" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		tree := parse.New(name)
		tree.Mode = parse.SkipFuncCheck // which functions there are is known where it is used
		if _, err := tree.Parse(string(text), "", "", map[string]*parse.Tree{}); err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "template: ")))
		}
	}
	return wrong
}
