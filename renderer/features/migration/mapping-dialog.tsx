import { Button, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { InspectReport } from '#shared/contract/migration';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import styles from './migration.module.css';
import { useMapUsers } from './queries';
import { parseMapping } from './users.logic';

/** The mapping as JSON to be edited; it is tried on the source before it is kept. */
export function MappingDialog({
  users,
  onClose,
}: {
  users: NonNullable<InspectReport['users']>;
  onClose: () => void;
}) {
  const [text, setText] = useState(() => JSON.stringify(users.mapping, null, 2));
  const save = useMapUsers();
  const parsed = parseMapping(text);
  return (
    <Dialog title="How users are read" opened onClose={onClose} size={720}>
      <form
        className={styles.content}
        onSubmit={(event) => {
          event.preventDefault();
          if (parsed.mapping !== undefined) save.mutate(parsed.mapping, { onSuccess: onClose });
        }}
      >
        <p className="t2">
          A value is a column of the table, <code>{'{"from": "profile", "column": "name"}'}</code> for a
          joined table, or <code>{'{"sql": "initcap(t.name)"}'}</code>. Several tables may be named under
          sources.
          {users.others.length === 0 ? '' : ` Also looks like users: ${users.others.join(', ')}.`}
        </p>
        <Textarea
          label="Mapping"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={parsed.error}
          autosize
          minRows={12}
          maxRows={22}
          spellCheck={false}
          classNames={{ input: 'mono' }}
        />
        {save.isError ? <ErrorPanel error={save.error} /> : null}
        <div className={styles.startBar}>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            variant="filled"
            disabled={parsed.mapping === undefined}
            loading={save.isPending}
          >
            Try and keep
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
