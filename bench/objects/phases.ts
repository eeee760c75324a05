import { z } from 'zod';

const eventSchema = z.object({ type: z.string(), at: z.string(), step: z.string().optional() });

/** Seconds from the first to the last object of a run, by its journal on stdout; undefined when it is none. */
export function copySeconds(output: string): number | undefined {
  const times = new Map<string, number>();
  for (const line of output.split('\n')) {
    if (!line.startsWith('{')) continue;
    const parsed = eventSchema.safeParse(JSON.parse(line));
    if (parsed.success && parsed.data.step === 'objects.copy')
      times.set(parsed.data.type, Date.parse(parsed.data.at));
  }
  const [from, to] = [times.get('step.started'), times.get('step.done')];
  return from === undefined || to === undefined ? undefined : (to - from) / 1000;
}
