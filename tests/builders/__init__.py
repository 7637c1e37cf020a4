"""What tests of several parts build their inputs with."""
