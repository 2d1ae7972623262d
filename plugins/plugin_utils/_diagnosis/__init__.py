"""From evidence to the cause of a failure, with proof."""
