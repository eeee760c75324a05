import { expect, it } from 'vitest';
import { matchCommands } from './commands.logic';

const command = (label: string, group: string) => ({ id: label, label, group, run: () => undefined });
const commands = [
  command('Open Overview', 'Page'),
  command('Open Migration', 'Page'),
  command('Cancel migration…', 'Migration'),
  command('Use the dark theme', 'Appearance'),
];
const found = (text: string) => matchCommands(commands, text).map((item) => item.label);

it('finds every word in label or group, the beginning first', () => {
  expect(found('')).toHaveLength(4);
  expect(found('migr')).toEqual(['Open Migration', 'Cancel migration…']);
  expect(found('dark APP')).toEqual(['Use the dark theme']);
  expect(found('nothing')).toEqual([]);
});
