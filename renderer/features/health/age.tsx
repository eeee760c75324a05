import { useInterval } from '@mantine/hooks';
import { useState } from 'react';
import { ageOf } from './health.logic';

/** How long ago something was, kept true without drawing anything else anew. */
export function Age({ at }: { at: string | undefined }) {
  const [now, setNow] = useState(() => Date.now());
  useInterval(() => setNow(Date.now()), 5000, { autoInvoke: true });
  // A result may be newer than the last tick.
  return <>{ageOf(at, Math.max(now, at === undefined ? 0 : Date.parse(at)))}</>;
}
