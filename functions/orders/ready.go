package orders

import (
	"context"
	"sync"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

// ready connects and, meanwhile, places an order nowhere: the first to come finds all of that done once.
func ready(s *store.Store) func(context.Context) {
	return func(ctx context.Context) {
		var connecting sync.WaitGroup
		connecting.Go(func() { s.Connect(ctx) })
		_, _ = s.Rehearsal().Place(ctx, commerce.Order{Terms: commerce.Terms{Lines: []commerce.Line{{}}}, Events: []commerce.Event{{}}}, "", "")
		connecting.Wait()
	}
}
