package cloud_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dayone/local/cloud"
)

// with sends a letter with a configuration set.
func (s *stage) with(t *testing.T, set string, to ...string) error {
	t.Helper()
	in := letter(to...)
	in.ConfigurationSetName = &set
	_, err := s.client("orders@dayone.example").SendEmail(t.Context(), in)
	return err
}

func TestWhatBecomesOfLettersIsToldWithTheNextRun(t *testing.T) {
	t.Parallel()
	for to, want := range map[string][]string{
		"ana@b.example":                                {"Email Delivered"},
		"success@simulator.amazonses.com":              {"Email Delivered"},
		"bounce@simulator.amazonses.com":               {"Email Bounced"},
		"bounce+label@simulator.amazonses.com":         {"Email Bounced"},
		"suppressionlist@simulator.amazonses.com":      {"Email Bounced"},
		"ooto@simulator.amazonses.com":                 {"Email Delivered", "Email Bounced"},
		"complaint+one+more@simulator.amazonses.com":   {"Email Delivered", "Email Complaint Received"},
		"delay@simulator.amazonses.com":                {"Email Delivery Delayed"},
		"bounce@simulator.amazonses.com.other.example": {"Email Delivered"},
	} {
		t.Run(to, func(t *testing.T) {
			t.Parallel()
			s := play(t, cloud.Config{})
			if err := s.with(t, "Mail", to); err != nil {
				t.Fatal(err)
			}
			if len(s.told) > 0 {
				t.Error("told before anything ran")
			}
			for range 2 {
				if err := s.Run(t.Context(), "Late"); err != nil {
					t.Fatal(err)
				}
			}
			for i := range want {
				want[i] += " to " + to
			}
			if diff := cmp.Diff(want, s.told); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNothingIsToldOfLettersWithoutASetThatTells(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	if _, err := s.client("orders@dayone.example").SendEmail(t.Context(), letter("a@b.example")); err != nil {
		t.Fatal(err)
	}
	for set, want := range map[string]string{
		"Unknown": "NotFoundException: Configuration set <Unknown> does not exist.",
		"Refused": "AccessDeniedException: ",
	} {
		if err := s.with(t, set, "a@b.example"); !strings.HasPrefix(said(err), want) {
			t.Errorf("%s: %v", set, err)
		}
	}
	if err := s.Run(t.Context(), "Late"); err != nil || len(s.told) > 0 || len(s.Inbox()) != 1 {
		t.Errorf("told %v, %v", s.told, err)
	}
}

func TestAnEventIsTriedThreeTimes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ deaf, told int }{"two fail": {2, 1}, "three fail": {3, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := play(t, cloud.Config{})
			s.deaf = tc.deaf
			if err := s.with(t, "Mail", "a@b.example"); err != nil {
				t.Fatal(err)
			}
			failed := 0
			for range 5 {
				if err := s.Run(t.Context(), "Late"); err != nil {
					failed++
				}
			}
			if failed != tc.deaf || len(s.told) != tc.told {
				t.Errorf("%d runs failed, told %v", failed, s.told)
			}
		})
	}
}
