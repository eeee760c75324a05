import type { SettingName } from '#shared/model/settings';
import type { ActivityLog } from './activity-log';

/** Records which settings were changed, by name: values may be secret, and no reader needs them. */
export async function noteSettings(
  log: ActivityLog,
  values: Readonly<Partial<Record<SettingName, string | null>>>,
): Promise<void> {
  const names = Object.keys(values);
  if (names.length === 0) return;
  await log.record({
    area: 'connections',
    action: 'settings.update',
    target: names.join(', '),
    outcome: 'done',
  });
}
