"""One program in, diagnostics out: rules on facts, suppressions, the cache, workers."""
