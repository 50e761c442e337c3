package house

import (
	"go/ast"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// The tests of a function run it with the rights that template.yaml grants it: a store, a sender or a whole function that
// they make for anything but their own preparation has the environment of enginetest's As.
func TestFunctionsAreTestedWithTheirOwnRights(t *testing.T) {
	guarded := map[string]bool{}
	for _, s := range sources(t) {
		folder, found := strings.CutPrefix(s.folder(), "functions/")
		if !found || !s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			on, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if as, ok := firstText(call.Args); ok && on.Sel.Name == "As" {
				guarded[folder] = true
				if strings.ToLower(as) != folder {
					t.Errorf("%s runs as %s", s.name, as)
				}
			}
			if of, ok := on.X.(*ast.Ident); ok && of.Name == folder && (on.Sel.Name == "Handler" || on.Sel.Name == "FromEnv") && mentions(call.Args, "Getenv") {
				t.Errorf("%s makes the function with every right there is", s.name)
			}
			return true
		})
	}
	for _, f := range read(t).Functions {
		if folder := strings.ToLower(f.ID); !guarded[folder] {
			t.Errorf("no test of functions/%s runs it as %s", folder, f.ID)
		}
	}
}

// firstText is the first argument where it is a text.
func firstText(args []ast.Expr) (string, bool) {
	if len(args) == 0 {
		return "", false
	}
	l, ok := args[0].(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

// mentions reports whether a name stands anywhere in these arguments.
func mentions(args []ast.Expr, name string) bool {
	found := false
	for _, a := range args {
		ast.Inspect(a, func(n ast.Node) bool {
			i, ok := n.(*ast.Ident)
			found = found || ok && i.Name == name
			return !found
		})
	}
	return found
}
