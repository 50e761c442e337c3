package store

import "dayone/shared/commerce"

// holdItem is why an order stands still, inside its item.
type holdItem struct {
	Since  int64  `dynamodbav:"since"`
	Reason string `dynamodbav:"reason"`
	By     string `dynamodbav:"by"`
}

func toHold(h commerce.Hold) *holdItem {
	if h == (commerce.Hold{}) {
		return nil
	}
	return &holdItem{millis(h.Since), h.Reason, h.By}
}

func (i *holdItem) hold() commerce.Hold {
	if i == nil {
		return commerce.Hold{}
	}
	return commerce.Hold{Since: instant(i.Since), Reason: i.Reason, By: i.By}
}

// serviceItem is the service change in flight, inside the item of its order.
type serviceItem struct {
	Number  int              `dynamodbav:"number"`
	Kind    string           `dynamodbav:"kind"`
	By      string           `dynamodbav:"by"`
	Reason  string           `dynamodbav:"reason,omitempty"`
	Since   int64            `dynamodbav:"since"`
	NextAt  int64            `dynamodbav:"next_at"`
	Tries   int              `dynamodbav:"tries,omitempty"`
	StuckAt int64            `dynamodbav:"stuck_at,omitempty"`
	Refused string           `dynamodbav:"refused,omitempty"`
	Lines   []lineChangeItem `dynamodbav:"lines"`
}

type lineChangeItem struct {
	Line string `dynamodbav:"line"`
	From int    `dynamodbav:"from"`
	To   int    `dynamodbav:"to"`
	Step string `dynamodbav:"step"`
}

func toService(c commerce.ServiceChange) *serviceItem {
	if c.Kind == "" {
		return nil
	}
	i := &serviceItem{Number: c.Number, Kind: string(c.Kind), By: c.By, Reason: c.Reason, Since: millis(c.Since), NextAt: millis(c.NextAt),
		Tries: c.Tries, StuckAt: millis(c.StuckAt), Refused: c.Refused}
	for _, l := range c.Lines {
		i.Lines = append(i.Lines, lineChangeItem{l.Line, l.From, l.To, string(l.Step)})
	}
	return i
}

func (i *serviceItem) change() commerce.ServiceChange {
	if i == nil {
		return commerce.ServiceChange{}
	}
	c := commerce.ServiceChange{Number: i.Number, Kind: commerce.ServiceKind(i.Kind), By: i.By, Reason: i.Reason, Since: instant(i.Since),
		NextAt: instant(i.NextAt), Tries: i.Tries, StuckAt: instant(i.StuckAt), Refused: i.Refused}
	for _, l := range i.Lines {
		c.Lines = append(c.Lines, commerce.LineChange{Line: l.Line, From: l.From, To: l.To, Step: commerce.LineStep(l.Step)})
	}
	return c
}

// refusalItem is the last service change, where the platform would not do it, inside the item of its order.
type refusalItem struct {
	Kind   string `dynamodbav:"kind"`
	Reason string `dynamodbav:"reason"`
	At     int64  `dynamodbav:"at"`
}

func toRefusal(r commerce.Refusal) *refusalItem {
	if r == (commerce.Refusal{}) {
		return nil
	}
	return &refusalItem{string(r.Kind), r.Reason, millis(r.At)}
}

func (i *refusalItem) refusal() commerce.Refusal {
	if i == nil {
		return commerce.Refusal{}
	}
	return commerce.Refusal{Kind: commerce.ServiceKind(i.Kind), Reason: i.Reason, At: instant(i.At)}
}
