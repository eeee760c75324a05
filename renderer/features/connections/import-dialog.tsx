import { Button, FileButton, Radio, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { ImportResult } from '#shared/contract/connections';
import { endTitles, settingDefinitions, type SettingName } from '#shared/model/settings';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { plural } from '../../ui/format';
import { guessFormat } from './connections.logic';
import styles from './connections.module.css';
import { useImport } from './queries';

function nameOf(setting: SettingName): string {
  const { end, label } = settingDefinitions[setting];
  return `${end === 'health' ? 'Live health' : endTitles[end]}: ${label}`;
}

function PreviewList({ title, items }: { title: string; items: readonly { name: string; text: string }[] }) {
  if (items.length === 0) return null;
  return (
    <section aria-label={title}>
      <h3 className={styles.previewTitle}>{title}</h3>
      <ul className={styles.preview}>
        {items.map(({ name, text }, index) => (
          <li key={`${name} ${index}`}>
            <span className="break">{name}</span>
            <span className="t2 break">{text}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Preview({ result }: { result: ImportResult }) {
  return (
    <div className={styles.previews} role="region" aria-label="Preview" tabIndex={0}>
      <PreviewList
        title={`Will be filled (${result.filled.length})`}
        items={result.filled.map(({ setting, from }) => ({ name: nameOf(setting), text: `from ${from}` }))}
      />
      <PreviewList
        title={`Stays empty (${result.notFilled.length})`}
        items={result.notFilled.map(({ setting, reason }) => ({ name: nameOf(setting), text: reason }))}
      />
      <PreviewList
        title={`Not used (${result.ignored.length})`}
        items={result.ignored.map(({ name, reason }) => ({ name, text: reason }))}
      />
    </div>
  );
}

function ImportForm({ onClose }: { onClose: () => void }) {
  const [format, setFormat] = useState<'env' | 'compose'>('env');
  const [text, setText] = useState('');
  const preview = useImport();
  const apply = useImport();
  const change = (next: string) => {
    setText(next);
    preview.reset();
  };
  const load = (file: File | null) => {
    if (file === null) return;
    void file.text().then((content) => {
      setFormat(guessFormat(file.name, content));
      change(content);
    });
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (preview.data === undefined) preview.mutate({ format, text, apply: false });
        else apply.mutate({ format, text, apply: true }, { onSuccess: onClose });
      }}
    >
      <div className={styles.importHead}>
        <Radio.Group
          label="Format"
          value={format}
          onChange={(value) => {
            setFormat(value === 'compose' ? 'compose' : 'env');
            preview.reset();
          }}
        >
          <div className={styles.formats}>
            <Radio value="env" label=".env" size="xs" />
            <Radio value="compose" label="Docker Compose" size="xs" />
          </div>
        </Radio.Group>
        <FileButton onChange={load} accept=".env,.yml,.yaml,.txt,text/plain">
          {(props) => <Button {...props}>Choose a file…</Button>}
        </FileButton>
      </div>
      <Textarea
        label={format === 'env' ? 'Text of the .env file' : 'Text of the Compose file'}
        description="It goes to Cutover on this machine only. Secrets in it are stored like typed ones."
        rows={8}
        value={text}
        onChange={(event) => change(event.currentTarget.value)}
        spellCheck={false}
        data-autofocus
        classNames={{ input: 'mono' }}
      />
      {preview.isError ? <ErrorPanel error={preview.error} /> : null}
      {apply.isError ? <ErrorPanel error={apply.error} /> : null}
      {preview.data === undefined ? null : <Preview result={preview.data} />}
      <div className={styles.buttons}>
        <Button onClick={onClose}>Close</Button>
        {preview.data === undefined ? (
          <Button type="submit" variant="filled" disabled={text.trim() === ''} loading={preview.isPending}>
            Preview
          </Button>
        ) : (
          <Button
            type="submit"
            variant="filled"
            disabled={preview.data.filled.length === 0}
            loading={apply.isPending}
          >
            {`Fill in ${plural(preview.data.filled.length, 'setting')}`}
          </Button>
        )}
      </div>
    </form>
  );
}

/** Fills settings from an `.env` or Compose file: first shows what it would do, then does it. */
export function ImportDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Dialog title="Import settings" opened={opened} onClose={onClose} size={640}>
      <ImportForm onClose={onClose} />
    </Dialog>
  );
}
