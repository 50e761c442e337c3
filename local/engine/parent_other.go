//go:build !linux

package engine

import "syscall"

// dieWithParent asks for nothing: the pinned binary is for Linux, elsewhere DYNAMODB_ENDPOINT names an engine.
func dieWithParent() *syscall.SysProcAttr { return nil }
