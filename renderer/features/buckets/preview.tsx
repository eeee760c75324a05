import { lazy, Suspense, useState } from 'react';
import type { ObjectPreview } from '#shared/model/buckets';
import { transferPath } from '#shared/page/transfers';
import { ErrorPanel } from '../../ui/error-panel';
import { Loading } from '../../ui/loading';
import styles from './buckets.module.css';
import { usePreview, type ObjectPlace } from './queries';
import { prettyJson, readTable } from './table-text.logic';

/** Comes when the first document is looked at: it is larger than the rest of the page. */
const PdfPreview = lazy(() => import('./pdf-preview').then((loaded) => ({ default: loaded.PdfPreview })));

type TextPreview = Extract<ObjectPreview, { kind: 'text' }>;

function TablePreview({ text }: { text: string }) {
  const lines = readTable(text);
  return (
    <table aria-label="Preview">
      <tbody>
        {lines.map((line, row) => (
          <tr key={row}>
            {line.map((value, column) => (
              <td key={column}>{value}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function TextContent({ preview }: { preview: TextPreview }) {
  if (preview.form === 'csv') return <TablePreview text={preview.text} />;
  const json = preview.form === 'json' && !preview.truncated ? prettyJson(preview.text) : undefined;
  return <pre>{json ?? preview.text}</pre>;
}

function Media({ preview, name }: { preview: Extract<ObjectPreview, { transferId: string }>; name: string }) {
  const [broken, setBroken] = useState(false);
  const address = transferPath(preview.transferId);
  const onError = () => setBroken(true);
  if (broken) return <p>The browser can’t show this {preview.kind}. Download it to look at it.</p>;
  switch (preview.kind) {
    case 'image':
      return <img src={address} alt={`Preview of ${name}`} onError={onError} />;
    case 'audio':
      return (
        <audio src={address} controls preload="metadata" aria-label={`Play ${name}`} onError={onError} />
      );
    case 'video':
      return (
        <video src={address} controls preload="metadata" aria-label={`Play ${name}`} onError={onError} />
      );
    case 'pdf':
      return (
        <Suspense fallback={<Loading>Reading</Loading>}>
          <PdfPreview address={address} name={name} onError={onError} />
        </Suspense>
      );
  }
}

/** What an object holds, shown and never run: text is text whatever it says, and media come from the host with a policy that allows nothing. */
export function Preview({ place, etag, name }: { place: ObjectPlace; etag: string; name: string }) {
  const query = usePreview(place, etag);
  if (query.isPending) return <Loading>Reading</Loading>;
  if (query.isError) return <ErrorPanel error={query.error} retry={() => void query.refetch()} />;
  const preview = query.data;
  const notes =
    preview.kind === 'text'
      ? [
          ...(preview.truncated ? ['This is the beginning.'] : []),
          ...(preview.unpacked === undefined ? [] : [`Unpacked from ${preview.unpacked}.`]),
        ]
      : [];
  return (
    <>
      <div className={styles.preview} role="group" aria-label="Preview" tabIndex={0}>
        {preview.kind === 'none' ? (
          <p className="t2">{preview.reason}</p>
        ) : preview.kind === 'text' ? (
          <TextContent preview={preview} />
        ) : (
          <Media preview={preview} name={name} />
        )}
      </div>
      {notes.length === 0 ? null : <p className="muted">{notes.join(' ')}</p>}
    </>
  );
}
