import { Button } from '@mantine/core';
import { useState } from 'react';
import type { ConnectionView } from '#shared/contract/connections';
import { endTitles } from '#shared/model/settings';
import { Card } from '../../ui/card';
import { ErrorPanel } from '../../ui/error-panel';
import { Tag } from '../../ui/tag';
import { changesOf, connectionState, fieldError, type Draft } from './connections.logic';
import styles from './connections.module.css';
import { useTestConnection, useUpdateSettings } from './queries';
import { SettingField } from './setting-field';
import { TestResult } from './test-result';

const purposes: Record<ConnectionView['end'], string> = {
  sourceDatabase: 'The database that is moved. It is only read.',
  sourceObjects: 'The files that are moved. They are only read.',
  supabase: 'Takes the database and the users.',
  r2: 'Takes the files.',
  easypanel: 'The Docker host of the application. Optional for a migration; the connection can be tested.',
};

/** One end: its fields, saving, testing, and what the last test found. */
export function ConnectionCard({ connection }: { connection: ConnectionView }) {
  const [draft, setDraft] = useState<Draft>({});
  const update = useUpdateSettings();
  const test = useTestConnection(connection.end);
  const title = endTitles[connection.end];
  const changes = changesOf(draft, connection);
  const changed = Object.keys(changes).length > 0;
  const { lastTest } = connection;
  const state = connectionState(connection, test.testing);
  const save = (then: () => void) =>
    update.mutate(changes, {
      onSuccess: () => {
        setDraft({});
        then();
      },
    });
  const failedField = lastTest !== undefined && !lastTest.ok ? lastTest.setting : undefined;
  return (
    <Card title={title} right={<Tag tone={state.tone}>{state.label}</Tag>} padded>
      <form
        className={styles.form}
        aria-label={title}
        onSubmit={(event) => {
          event.preventDefault();
          if (changed) save(() => undefined);
        }}
      >
        <p className="t2">
          {purposes[connection.end]}
          {connection.summary === '' ? null : (
            <span className={`mono break ${styles.summary ?? ''}`}>{connection.summary}</span>
          )}
        </p>
        <div className={styles.fields}>
          {connection.settings.map((setting) => (
            <SettingField
              key={setting.name}
              setting={setting}
              draft={draft[setting.name]}
              onDraft={(value) => {
                const { [setting.name]: _earlier, ...rest } = draft;
                setDraft(value === undefined ? rest : { ...rest, [setting.name]: value });
              }}
              error={
                failedField === setting.name && draft[setting.name] === undefined
                  ? fieldError(lastTest)
                  : undefined
              }
            />
          ))}
        </div>
        {update.isError ? <ErrorPanel error={update.error} /> : null}
        <div className={styles.buttons}>
          <Button type="submit" disabled={!changed} loading={update.isPending} aria-label={`Save ${title}`}>
            Save
          </Button>
          <Button
            variant={changed ? 'filled' : 'default'}
            loading={test.testing}
            disabled={!changed && connection.state !== 'configured'}
            onClick={() => (changed ? save(test.run) : test.run())}
            aria-label={changed ? `Save and test ${title}` : `Test ${title}`}
          >
            {changed ? 'Save and test' : 'Test'}
          </Button>
        </div>
      </form>
      {test.error === undefined || test.testing ? null : <ErrorPanel error={test.error} retry={test.run} />}
      {lastTest === undefined || test.testing ? null : <TestResult test={lastTest} retry={test.run} />}
    </Card>
  );
}
