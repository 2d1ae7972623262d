"""Who else makes or configures a link of a declared name: files, profiles and units of an administrator."""
