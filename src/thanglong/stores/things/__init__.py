"""What the things stores of both profiles share: how an entity becomes rows, how writes are gathered, how a query
becomes SQL. Knows no database driver."""
