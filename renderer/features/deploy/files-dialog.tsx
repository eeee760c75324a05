import { Button, Checkbox, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { RenderInput } from '#shared/contract/deploy';
import type { ReleasePreview, RenderedVariable } from '#shared/model/deploy';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { Loading } from '../../ui/loading';
import { Tag } from '../../ui/tag';
import { acknowledge } from '../../ui/toast';
import { groupsOf, isMissing, originLooks } from './deploy.logic';
import styles from './deploy.module.css';
import { usePreviewFiles, useWriteFiles } from './queries';

type Give = (name: string, value: string) => void;

function Variable({ variable, give }: { variable: RenderedVariable; give: Give }) {
  const { name, explanation, origin, secret } = variable;
  const [editing, setEditing] = useState(false);
  const [text, setText] = useState('');
  const missing = isMissing(variable);
  // Once it was asked for, the field stays: what is typed may have to be corrected.
  const [asked] = useState(missing);
  const { tone, label } = originLooks[origin];
  return (
    <li>
      <Tag tone={missing ? 'bad' : tone}>{missing ? 'Missing' : label}</Tag>
      <div className="break">
        <span className="mono">{name}</span> <span className="t2">{explanation}</span>
        {asked || editing ? (
          <TextInput
            mt={4}
            aria-label={name}
            type={secret ? 'password' : 'text'}
            autoComplete="off"
            autoFocus={editing}
            placeholder={origin === 'empty' || origin === 'given' ? '' : 'Empty: leave it as it is'}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onBlur={() => give(name, text)}
          />
        ) : (
          <Button
            ml={6}
            size="compact-xs"
            variant="default"
            aria-label={`Change ${name}`}
            onClick={() => setEditing(true)}
          >
            Change
          </Button>
        )}
      </div>
    </li>
  );
}

function Preview({ preview, give }: { preview: ReleasePreview; give: Give }) {
  return (
    <>
      {groupsOf(preview.variables).map(([group, variables]) => (
        <section key={group} className={styles.part} aria-label={group}>
          <h3>{group}</h3>
          <ul className={styles.findings}>
            {variables.map((variable) => (
              <Variable key={variable.name} variable={variable} give={give} />
            ))}
          </ul>
        </section>
      ))}
      <section className={styles.part} aria-label="Compose file">
        <h3>docker-compose.prod.yml</h3>
        {preview.compose === undefined ? (
          <p className="t2">It is shown once nothing is missing.</p>
        ) : (
          <pre className={styles.file} role="region" aria-label="Compose file as it will be" tabIndex={0}>
            {preview.compose}
          </pre>
        )}
      </section>
    </>
  );
}

function FilesForm({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState({ from: '', values: '' });
  const [input, setInput] = useState<RenderInput>({ given: {}, keep: true });
  const preview = usePreviewFiles(input);
  const write = useWriteFiles(({ folder }) => {
    acknowledge(`The files are in ${folder}`);
    onClose();
  });
  const readPaths = () =>
    setInput(({ given, keep }) => ({
      given,
      keep,
      ...(typed.from.trim() === '' ? {} : { from: typed.from.trim() }),
      ...(typed.values.trim() === '' ? {} : { values: typed.values.trim() }),
    }));
  const give: Give = (name, value) =>
    setInput(({ given, ...rest }) => {
      const { [name]: _before, ...others } = given;
      return { ...rest, given: value === '' ? others : { ...others, [name]: value } };
    });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        write.mutate(input);
      }}
    >
      <section className={styles.part} aria-label="Sources">
        <TextInput
          label="Folder with the templates"
          description="docker-compose.prod.yml and .env.production.example of the application. Empty: those that ship with Cutover."
          value={typed.from}
          onChange={(event) => setTyped({ ...typed, from: event.currentTarget.value })}
          onBlur={readPaths}
        />
        <TextInput
          label="File with values"
          description="In the form of .env, on the machine where Cutover runs. It beats the workspace."
          value={typed.values}
          onChange={(event) => setTyped({ ...typed, values: event.currentTarget.value })}
          onBlur={readPaths}
        />
        <Checkbox
          label="Keep the values of the files that were written before"
          checked={input.keep}
          onChange={({ currentTarget: { checked } }) => setInput((before) => ({ ...before, keep: checked }))}
        />
      </section>
      {preview.isPending ? (
        <Loading>Reading the templates…</Loading>
      ) : preview.isError ? (
        <ErrorPanel error={preview.error} retry={() => void preview.refetch()} />
      ) : (
        <Preview preview={preview.data} give={give} />
      )}
      {write.isError ? <ErrorPanel error={write.error} /> : null}
      {preview.data === undefined ? null : (
        <p className="t2 break">
          The files go to <span className="mono">{preview.data.folder}</span>, the environment file for its
          owner alone (mode 600). Values that are there already are never shown.
        </p>
      )}
      <div className={styles.buttons}>
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        <Button
          type="submit"
          variant="filled"
          loading={write.isPending}
          disabled={preview.data?.compose === undefined || preview.isError}
        >
          Write the files
        </Button>
      </div>
    </form>
  );
}

/** The files of a release: where each value comes from, what is missing, and the Compose file as it will be. */
export function FilesDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Dialog title="Files of the release" opened={opened} onClose={onClose} size={760}>
      <FilesForm onClose={onClose} />
    </Dialog>
  );
}
