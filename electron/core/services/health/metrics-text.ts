import { type HealthOverview, healthStates } from '#shared/model/health';

interface Metric {
  name: string;
  help: string;
  samples: { labels: Record<string, string>; value: number }[];
}

/** What is known, in the text form that Prometheus reads. https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function metricsText({ services, incidents, at, enabled, recording }: HealthOverview): string {
  const checks = services.flatMap((service) =>
    service.checks.map((check) => ({
      check,
      labels: { service: service.id, group: service.group, check: check.id },
    })),
  );
  const metrics: Metric[] = [
    {
      name: 'cutover_watching',
      help: 'Whether the services are watched.',
      samples: [{ labels: {}, value: Number(enabled) }],
    },
    {
      name: 'cutover_recording',
      help: 'Whether this host keeps the history and sends the alerts.',
      samples: [{ labels: {}, value: Number(recording === 'here') }],
    },
    {
      name: 'cutover_check_state',
      help: 'The state of a check: 1 for the one that it is in.',
      samples: checks.flatMap(({ check, labels }) =>
        healthStates.map((state) => ({ labels: { ...labels, state }, value: Number(check.state === state) })),
      ),
    },
    {
      name: 'cutover_check_up',
      help: 'Whether a check answers, well or badly; absent while nothing is known.',
      samples: checks
        .filter(({ check }) => check.state !== 'unknown')
        .map(({ check, labels }) => ({ labels, value: Number(check.state !== 'down') })),
    },
    {
      name: 'cutover_check_latency_seconds',
      help: 'How long the last run took.',
      samples: checks.flatMap(({ check, labels }) =>
        check.latencyMs === undefined ? [] : [{ labels, value: check.latencyMs / 1000 }],
      ),
    },
    {
      name: 'cutover_check_age_seconds',
      help: 'How long ago the last run ended.',
      samples: checks.flatMap(({ check, labels }) =>
        check.at === undefined
          ? []
          : [{ labels, value: Math.max(0, Date.parse(at) - Date.parse(check.at)) / 1000 }],
      ),
    },
    {
      name: 'cutover_check_failures',
      help: 'Failures in a row.',
      samples: checks.map(({ check, labels }) => ({ labels, value: check.failures })),
    },
    {
      name: 'cutover_service_maintenance',
      help: 'Whether alerts of a service are held back.',
      samples: services.map(({ id, maintenance }) => ({
        labels: { service: id },
        value: Number(maintenance),
      })),
    },
    {
      name: 'cutover_open_incidents',
      help: 'Incidents that last, by their worst state.',
      samples: (['degraded', 'down'] as const).map((state) => ({
        labels: { state },
        value: incidents.filter((incident) => incident.endedAt === undefined && incident.state === state)
          .length,
      })),
    },
  ];
  return metrics.map(textOf).join('');
}

function textOf({ name, help, samples }: Metric): string {
  const lines = samples.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
  });
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines, ''].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
