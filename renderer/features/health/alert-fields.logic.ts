import type { AlertConfig } from '#shared/model/health';

export const shapes: { value: AlertConfig['webhookShape']; label: string }[] = [
  { value: 'auto', label: 'By its address' },
  { value: 'slack', label: 'Slack' },
  { value: 'discord', label: 'Discord' },
  { value: 'plain', label: 'Plain JSON' },
];

export const repeats = [
  { value: '0', label: 'Never' },
  { value: '30', label: 'Every 30 minutes' },
  { value: '60', label: 'Every hour' },
  { value: '240', label: 'Every 4 hours' },
  { value: '1440', label: 'Every day' },
];

/** Quiet hours need both ends; with one missing there are none. */
export function withQuiet({ quiet: _before, ...alerts }: AlertConfig, from: string, to: string): AlertConfig {
  return from === '' || to === '' ? alerts : { ...alerts, quiet: { from, to } };
}
