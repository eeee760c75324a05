import { Checkbox, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { ErrorPanel } from '../../ui/error-panel';
import { LogCard } from '../../ui/log-card';
import { linesWith } from './deploy.logic';
import styles from './deploy.module.css';
import { useServiceLog } from './queries';

function Lines({ services, search }: { services: readonly string[]; search: string }) {
  const { lines, error } = useServiceLog(services);
  const shown = useMemo(
    () =>
      linesWith(lines, search).map(({ at, stream, text, service: source }) => ({
        at,
        source,
        level: stream === 'stderr' ? ('warn' as const) : ('info' as const),
        message: text,
      })),
    [lines, search],
  );
  return (
    <>
      {error === undefined ? null : <ErrorPanel error={error} />}
      <LogCard
        title="Log of the services"
        lines={shown}
        empty={search === '' ? 'The services have printed nothing.' : 'No line holds this text.'}
      />
    </>
  );
}

/** What the services print, as it comes: of all, or of those that are chosen. */
export function ServiceLog({ services }: { services: readonly string[] }) {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [search, setSearch] = useState('');
  return (
    <>
      <div className={styles.filters}>
        <div
          className={styles.chosen}
          role="group"
          aria-label="Services whose log is shown; none chosen: all"
        >
          {services.map((service) => (
            <Checkbox
              key={service}
              label={service}
              checked={chosen.includes(service)}
              onChange={({ currentTarget: { checked } }) =>
                setChosen(services.filter((name) => (name === service ? checked : chosen.includes(name))))
              }
            />
          ))}
        </div>
        <TextInput
          aria-label="Search the log"
          placeholder="Only lines that hold…"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      </div>
      <Lines key={chosen.join(' ')} services={chosen} search={search} />
    </>
  );
}
