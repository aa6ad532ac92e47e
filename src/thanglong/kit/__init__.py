"""What every floor stands on and that knows nothing of cities: clock, ids, errors, paging, registries, bus, ports."""
