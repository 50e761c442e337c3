package seed

import "context"

// suspend has the services of an active order switched off.
func suspend(ctx context.Context, s *seeder, o placed) error {
	return s.running(ctx, o, "suspend", "Three invoices are open.")
}

// end has the services of an active order removed before its term.
func end(ctx context.Context, s *seeder, o placed) error {
	return s.running(ctx, o, "terminate", "The office was closed.")
}

// running activates an order and asks for a change of its services, which the next minute makes.
func (s *seeder) running(ctx context.Context, o placed, deed, reason string) error {
	if err := activate(ctx, s, o); err != nil {
		return err
	}
	return s.deed(ctx, o, deed, reason)
}

// hold puts an order on hold before its letter is owed.
func hold(ctx context.Context, s *seeder, o placed) error {
	return s.deed(ctx, o, "hold", "The credit check is not done.")
}

// deed is something that the commerce system does with a reason.
func (s *seeder) deed(ctx context.Context, o placed, deed, reason string) error {
	return s.ask(ctx, "POST", "/orders/"+o.id+"/"+deed, "", map[string]string{"reason": reason}, nil)
}
