"""The six services of Printbus, one folder each; they talk over NATS only. Beside them what runs, examines and keeps them all."""
