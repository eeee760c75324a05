/** Something that the palette can do. */
export interface Command {
  id: string;
  label: string;
  /** Where it belongs: a page, the run, the appearance. */
  group: string;
  run: () => void;
}

function score(command: Command, words: readonly string[]): number {
  const label = command.label.toLowerCase();
  const all = `${label} ${command.group.toLowerCase()}`;
  if (!words.every((word) => all.includes(word))) return -1;
  return words.reduce(
    (sum, word) => sum + (label.startsWith(word) ? 2 : label.includes(` ${word}`) ? 1 : 0),
    0,
  );
}

/** The commands that hold every word typed, the best match first, otherwise in their own order. */
export function matchCommands(commands: readonly Command[], text: string): Command[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return commands
    .map((command) => ({ command, score: score(command, words) }))
    .filter((item) => item.score >= 0)
    .toSorted((a, b) => b.score - a.score)
    .map((item) => item.command);
}
