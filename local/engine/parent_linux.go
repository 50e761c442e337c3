package engine

import "syscall"

// dieWithParent has the kernel end the child when its parent is gone, however it went.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true} // a group of its own: Ctrl-C is for the parent to handle
}
