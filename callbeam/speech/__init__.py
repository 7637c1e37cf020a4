"""From speech to conversation: utterances and their sound, turns, events, phases, totals, sentiment inputs."""
