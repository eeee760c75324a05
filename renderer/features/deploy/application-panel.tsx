import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ApplicationView, ChangedFile } from '#shared/model/application';
import { Card } from '../../ui/card';
import { DataTable, type DataColumn } from '../../ui/data-table';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { plural } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { Notice } from '../../ui/notice';
import { Tag } from '../../ui/tag';
import { actionLooks, patchLines } from './application.logic';
import styles from './application.module.css';
import { BranchDialog } from './branch-dialog';
import { useApplication } from './queries';

type Route = ApplicationView['routes'][number];

const routeColumns: readonly DataColumn<Route>[] = [
  { id: 'method', header: 'Method', value: ({ method }) => method, track: '80px', mono: true },
  { id: 'path', header: 'Route', value: ({ path }) => path, track: 'minmax(160px, 1fr)', mono: true },
  { id: 'needs', header: 'Depends on', value: ({ needs }) => needs.join(', '), track: '130px' },
  {
    id: 'file',
    header: 'Where',
    value: ({ file, line }) => `${file}:${line}`,
    track: 'minmax(200px, 1fr)',
    mono: true,
  },
];

function Patch({ file }: { file: ChangedFile }) {
  return (
    <div className={styles.patch} role="region" aria-label={`Difference of ${file.path}`} tabIndex={0}>
      {patchLines(file.patch).map(({ kind, text }, index) => (
        <div key={index} data-kind={kind}>
          {text === '' ? ' ' : text}
        </div>
      ))}
    </div>
  );
}

function File({ file }: { file: ChangedFile }) {
  const [open, setOpen] = useState(false);
  const { tone, label } = actionLooks[file.action];
  return (
    <li>
      <details className={styles.file} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <Tag tone={tone}>{label}</Tag>
          <span className="mono break">{file.path}</span>
          <span className="t2">{file.reasons.join(' ')}</span>
        </summary>
        {open ? <Patch file={file} /> : null}
      </details>
    </li>
  );
}

function Changes({ view, repo }: { view: ApplicationView; repo: string }) {
  const [writing, setWriting] = useState(false);
  return (
    <>
      {view.dirty ? (
        <Notice title="The checkout holds changes that are not committed">
          They are not looked at: what is compared is the last commit,{' '}
          <span className="mono">{view.head.slice(0, 12)}</span>.
        </Notice>
      ) : null}
      <Card
        title="Files"
        right={
          <Button size="compact-xs" variant="filled" onClick={() => setWriting(true)}>
            Write on a branch…
          </Button>
        }
      >
        {view.files.length === 0 ? (
          <EmptyState title="Nothing to change">The repository holds everything already.</EmptyState>
        ) : (
          <ul className={styles.files} aria-label="Files">
            {view.files.map((file) => (
              <File key={file.path} file={file} />
            ))}
          </ul>
        )}
      </Card>
      <Card title="Left to you" right={plural(view.open.length, 'point')}>
        {view.open.length === 0 ? (
          <EmptyState title="Nothing is left to decide" />
        ) : (
          <ul className={styles.files} aria-label="Left to you">
            {view.open.map(({ path, line, what }) => (
              <li key={`${path} ${line ?? ''} ${what}`} className={styles.point}>
                <span className="mono break">{line === undefined ? path : `${path}:${line}`}</span>
                <span>{what}</span>
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Card
        title="API routes that depend on the old login or storage"
        right={plural(view.routes.length, 'route')}
      >
        {view.routes.length === 0 ? (
          <EmptyState title="None was found" />
        ) : (
          <DataTable
            label="Affected routes"
            columns={routeColumns}
            rows={view.routes}
            rowId={({ method, path, file, line }) => `${method} ${path} ${file} ${line}`}
            minWidth={640}
          />
        )}
      </Card>
      <BranchDialog
        opened={writing}
        onClose={() => setWriting(false)}
        repo={repo}
        head={view.head}
        files={view.files.length}
      />
    </>
  );
}

/** What becomes of the application's repository: each change with its reason, and the branch that holds them. */
export function ApplicationPanel() {
  const [typed, setTyped] = useState('');
  const [repo, setRepo] = useState<string>();
  const application = useApplication(repo);
  return (
    <>
      <Card title="The application’s repository" padded>
        <form
          className={styles.chooser}
          onSubmit={(event) => {
            event.preventDefault();
            if (typed.trim() === '') return;
            if (typed.trim() === repo) void application.refetch();
            else setRepo(typed.trim());
          }}
        >
          <TextInput
            label="Folder of a checkout"
            description="On the machine where Cutover runs. Its last commit is read; nothing in it changes until you write a branch."
            placeholder="/home/ada/shop"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Button
            type="submit"
            variant="default"
            disabled={typed.trim() === ''}
            loading={application.isFetching}
          >
            Compare
          </Button>
        </form>
      </Card>
      {repo === undefined ? null : application.isPending ? (
        <Loading>Reading the repository…</Loading>
      ) : application.isError ? (
        <ErrorPanel error={application.error} retry={() => void application.refetch()} />
      ) : (
        <Changes key={application.data.head} view={application.data} repo={repo} />
      )}
    </>
  );
}
