package secrets

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"

	"dayone/shared/commerce"
)

// Kinds are all kinds of tokens that commerce mints, read from where it declares them, below the root of the repository:
// a new one is among them the day it is written.
func Kinds(root string) ([]commerce.TokenKind, error) {
	files, err := filepath.Glob(filepath.Join(root, "shared", "commerce", "*.go"))
	if err != nil {
		return nil, err
	}
	var kinds []commerce.TokenKind
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			group, ok := d.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, s := range group.Specs {
				c := s.(*ast.ValueSpec)
				if of, ok := c.Type.(*ast.Ident); !ok || of.Name != "TokenKind" || len(c.Values) != 1 {
					continue
				}
				value, ok := c.Values[0].(*ast.BasicLit)
				if !ok {
					return nil, fmt.Errorf("%s: %s is no text", name, c.Names[0].Name)
				}
				kind, err := strconv.Unquote(value.Value)
				if err != nil {
					return nil, fmt.Errorf("%s: %s: %w", name, c.Names[0].Name, err)
				}
				kinds = append(kinds, commerce.TokenKind(kind))
			}
		}
	}
	return kinds, nil
}
