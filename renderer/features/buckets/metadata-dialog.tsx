import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { keptHeaders, objectAttributesSchema, type ObjectAttributesText } from '#shared/model/buckets';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { FormButtons } from './copy-dialog';
import styles from './buckets.module.css';
import { useEditAttributes } from './queries';

interface MetadataProps {
  bucket: string;
  objectKey: string;
  /** The object as it was read; another one is not touched. */
  etag: string;
  attributes: ObjectAttributesText;
  onClose: () => void;
}

interface Pair {
  id: number;
  name: string;
  value: string;
}

function MetadataForm({ bucket, objectKey, etag, attributes, onClose }: MetadataProps) {
  const [headers, setHeaders] = useState(attributes.headers);
  const [pairs, setPairs] = useState<readonly Pair[]>(
    Object.entries(attributes.metadata).map(([name, value], id) => ({ id, name, value })),
  );
  const edit = useEditAttributes();
  const parsed = objectAttributesSchema.safeParse({
    headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== '')),
    metadata: Object.fromEntries(
      pairs.filter(({ name }) => name !== '').map(({ name, value }) => [name.toLowerCase(), value]),
    ),
  });
  const change = (id: number, changes: Partial<Pair>) =>
    setPairs(pairs.map((pair) => (pair.id === id ? { ...pair, ...changes } : pair)));
  return (
    <form
      className={styles.jobs}
      onSubmit={(event) => {
        event.preventDefault();
        if (!parsed.success) return;
        edit.mutate({ bucket, key: objectKey, etag, attributes: parsed.data }, { onSuccess: onClose });
      }}
    >
      {keptHeaders.map((name) => (
        <TextInput
          key={name}
          label={name}
          value={headers[name] ?? ''}
          onChange={(event) => setHeaders({ ...headers, [name]: event.currentTarget.value })}
        />
      ))}
      {pairs.map(({ id, name, value }) => (
        <div key={id} className={styles.pair}>
          <TextInput
            label="Metadata name"
            value={name}
            onChange={(event) => change(id, { name: event.currentTarget.value })}
          />
          <TextInput
            label="Value"
            value={value}
            onChange={(event) => change(id, { value: event.currentTarget.value })}
          />
          <Button onClick={() => setPairs(pairs.filter((pair) => pair.id !== id))}>Remove</Button>
        </div>
      ))}
      {parsed.success ? null : <p role="alert">{parsed.error.issues[0]?.message}</p>}
      {edit.isError ? <ErrorPanel error={edit.error} /> : null}
      <FormButtons onClose={onClose}>
        <Button
          onClick={() =>
            setPairs([...pairs, { id: Math.max(-1, ...pairs.map(({ id }) => id)) + 1, name: '', value: '' }])
          }
        >
          Add metadata
        </Button>
        <Button type="submit" variant="filled" loading={edit.isPending} disabled={!parsed.success}>
          Save metadata
        </Button>
      </FormButtons>
    </form>
  );
}

/** Changes what an object says of itself; its bytes stay. */
export function MetadataDialog({ opened, ...form }: MetadataProps & { opened: boolean }) {
  return (
    <Dialog title="Edit metadata" opened={opened} onClose={form.onClose} size={600}>
      <MetadataForm {...form} />
    </Dialog>
  );
}
