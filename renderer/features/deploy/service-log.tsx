import { Select, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { ErrorPanel } from '../../ui/error-panel';
import { LogCard } from '../../ui/log-card';
import { linesWith } from './deploy.logic';
import styles from './deploy.module.css';
import { useServiceLog } from './queries';

function Lines({ service, search }: { service: string | undefined; search: string }) {
  const { lines, error } = useServiceLog(service);
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

/** What the services print, as it comes. */
export function ServiceLog({ services }: { services: readonly string[] }) {
  const [service, setService] = useState<string>();
  const [search, setSearch] = useState('');
  return (
    <>
      <div className={styles.filters}>
        <Select
          aria-label="Service"
          placeholder="All services"
          clearable
          data={[...services]}
          value={service ?? null}
          onChange={(value) => setService(value ?? undefined)}
        />
        <TextInput
          aria-label="Search the log"
          placeholder="Only lines that hold…"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      </div>
      <Lines key={service ?? ''} service={service} search={search} />
    </>
  );
}
