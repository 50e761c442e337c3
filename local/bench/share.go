package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// period is how often Lambda's scheduler hands out processor time, in microseconds.
const period = 20_000

// share is a part of one processor for a process, as Lambda gives it by memory: 1,769 MB are a whole one.
type share struct {
	folder string
	v2     bool
	mb     int
}

// newShare makes the control group of a share. Where the machine has none that can be written, the error says so.
func newShare(mb int) (*share, error) {
	s := &share{mb: mb}
	root := "/sys/fs/cgroup/cpu"
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		root, s.v2 = "/sys/fs/cgroup", true
	}
	s.folder = filepath.Join(root, fmt.Sprintf("dayone-bench-%d-%d", os.Getpid(), mb))
	if err := os.Mkdir(s.folder, 0o755); err != nil {
		return nil, fmt.Errorf("no control group: %w", err)
	}
	quota := period * mb / 1769
	var err error
	if s.v2 {
		err = s.set("cpu.max", fmt.Sprintf("%d %d", quota, period))
	} else {
		err = errors.Join(s.set("cpu.cfs_period_us", fmt.Sprint(period)), s.set("cpu.cfs_quota_us", fmt.Sprint(quota)))
	}
	if err != nil {
		_ = s.close() // what failed is the better error
		return nil, err
	}
	return s, nil
}

func (s *share) set(name, value string) error {
	return os.WriteFile(filepath.Join(s.folder, name), []byte(value), 0o644)
}

// hold gives a process no more than the share from now on.
func (s *share) hold(pid int) error { return s.set("cgroup.procs", fmt.Sprint(pid)) }

func (s *share) close() error { return os.Remove(s.folder) }
