select body from baseline.event where seq = $1
