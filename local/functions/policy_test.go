package functions_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dayone/local/template"
)

// rights reads which methods of store each function's code names and what those do to which tables, and compares that with what
// its policies grant: more would be noticed by nobody, less by somebody in production.
func (d *deployment) rights(t *testing.T) {
	t.Helper()
	methods := storeMethods(t, d.root)
	for _, f := range d.Functions {
		folder := filepath.Join(d.root, "functions", strings.ToLower(f.ID))
		needed := map[string]bool{}
		for _, name := range storeCalls(t, folder, methods) {
			for _, right := range methods.needs(name, map[string]bool{}) {
				needed[right] = true
			}
		}
		granted := map[string]bool{}
		for _, p := range f.Permissions {
			if right, ok := dynamodb(p); ok {
				granted[right] = true
				if !needed[right] {
					d.wrong("%s: %s is granted, and nothing does that", f.ID, right)
				}
			}
		}
		for right := range needed {
			if !granted[right] {
				d.wrong("%s: %s is not granted, and its code does that", f.ID, right)
			}
		}
		if sends, may := imports(t, folder, "dayone/shared/mail"), slices.ContainsFunc(f.Permissions, func(p template.Permission) bool { return p.Action == "ses:SendEmail" }); sends != may {
			d.wrong("%s sends letters: %v, may send letters: %v", f.ID, sends, may)
		}
	}
}

// dynamodb is a permission on a table in the words of method.needs: "GetItem OrdersTable".
func dynamodb(p template.Permission) (string, bool) {
	action, of := strings.CutPrefix(p.Action, "dynamodb:")
	_, resource, on := strings.Cut(p.Resource, ":table/")
	return action + " " + resource, of && on
}

func imports(t *testing.T, folder, path string) bool {
	t.Helper()
	return slices.ContainsFunc(files(t, folder), func(f *ast.File) bool {
		return slices.ContainsFunc(f.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"`+path+`"` })
	})
}

// method is what a function of store does itself, and which others it calls.
type method struct{ needs, calls []string }

type methodSet map[string]*method

// needs is all that a function of store does, the others' deeds that it calls included.
func (m methodSet) needs(name string, seen map[string]bool) []string {
	if seen[name] {
		return nil
	}
	seen[name] = true
	all := slices.Clone(m[name].needs)
	for _, other := range m[name].calls {
		all = append(all, m.needs(other, seen)...)
	}
	return all
}

// storeMethods reads the code of store: every request names its table where it is made.
func storeMethods(t *testing.T, root string) methodSet {
	t.Helper()
	all := methodSet{}
	bodies := map[string]*ast.FuncDecl{}
	for _, file := range files(t, filepath.Join(root, "shared", "store")) {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				all[f.Name.Name], bodies[f.Name.Name] = &method{}, f
			}
		}
	}
	for name, f := range bodies {
		m := all[name]
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				m.needs = append(m.needs, requested(n)...)
			case *ast.CallExpr:
				called := last(n.Fun)
				if called == "get" {
					m.needs = append(m.needs, "GetItem "+table(n.Args[1]))
				}
				if all[called] != nil && called != name {
					m.calls = append(m.calls, called)
				}
			}
			return true
		})
	}
	return all
}

// requested is what a request does to which table or index: one of the SDK's, or a part of a transaction or of a batch.
func requested(c *ast.CompositeLit) []string {
	action := strings.TrimSuffix(last(c.Type), "Input")
	switch action {
	case "put":
		action = "PutItem"
	case "want":
		action = "BatchGetItem"
	case "Update", "Delete", "ConditionCheck", "Put":
		action += "Item"
	}
	on, indexes := "", []string(nil)
	for _, e := range c.Elts {
		field, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		switch name := last(field.Key); name {
		case "table", "TableName":
			on = table(field.Value)
		case "IndexName":
			indexes = indexed(field.Value)
		}
	}
	if on == "" {
		return nil
	}
	if len(indexes) == 0 {
		return []string{action + " " + on}
	}
	var all []string
	for _, i := range indexes {
		all = append(all, action+" "+on+"/index/"+i)
	}
	return all
}

// indexed are the names that an index may have: the one written out, or the two kinds of organizations.
func indexed(e ast.Expr) []string {
	names := []string{"customer", "partner"}
	ast.Inspect(e, func(n ast.Node) bool {
		if text, ok := n.(*ast.BasicLit); ok {
			names = []string{strings.Trim(text.Value, `"`)}
		}
		return true
	})
	return names
}

// table is the template's id of the table that s.tables.Orders and the like are.
func table(e ast.Expr) string {
	if a, ok := e.(*ast.UnaryExpr); ok {
		e = a.X
	}
	if s, ok := e.(*ast.SelectorExpr); ok && last(s.X) == "tables" {
		return s.Sel.Name + "Table"
	}
	return ""
}

// storeCalls are the methods of store that the code of a function names: on s, or on a field that is called store.
func storeCalls(t *testing.T, folder string, methods methodSet) []string {
	t.Helper()
	names := map[string]bool{}
	for _, file := range files(t, folder) {
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && methods[s.Sel.Name] != nil && (last(s.X) == "s" || last(s.X) == "store") {
				names[s.Sel.Name] = true
			}
			return true
		})
	}
	return slices.Collect(maps.Keys(names))
}

func files(t *testing.T, folder string) []*ast.File {
	t.Helper()
	var all []*ast.File
	for _, path := range glob(filepath.Join(folder, "*.go")) {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, file)
	}
	return all
}

// last is the last name of an expression: c of a.b.c.
func last(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}
