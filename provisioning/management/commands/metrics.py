"""The command that serves metrics."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Serves the metrics of this node to Prometheus, until it is told to stop."""

    help = "Serves metrics of this node at http://METRICS_HOST:METRICS_PORT/metrics."

    def handle(self, *args: object, **options: object) -> None:
        """Serve on the port that the server counts for."""
        if not settings.METRICS_PORT:
            raise CommandError("Set METRICS_PORT here and for the server, such as METRICS_PORT=9464.")
        from provisioning.metrics.serving import serve

        try:
            serve(settings.METRICS_HOST, settings.METRICS_PORT)
        except OSError as error:
            raise CommandError(f"METRICS_PORT {settings.METRICS_PORT} cannot be used: {error.strerror}.") from None
