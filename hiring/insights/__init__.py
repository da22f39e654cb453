"""What people keep about figures: saved views, targets, alert rules, report schedules, receipts. No figure is computed here."""
