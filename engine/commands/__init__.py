"""The commands, one module a noun. Everything heavy is imported inside the callbacks, so that `--help` stays quick."""
