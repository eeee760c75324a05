import { Button } from '@mantine/core';
import { getDocument, GlobalWorkerOptions, type PDFDocumentProxy } from 'pdfjs-dist';
import workerAddress from 'pdfjs-dist/build/pdf.worker.min.mjs?url';
import { useEffect, useRef, useState } from 'react';
import { Loading } from '../../ui/loading';
import styles from './buckets.module.css';

GlobalWorkerOptions.workerSrc = workerAddress;

/** Pixels of a drawn page's height, and of a picture in it: a document may claim any size. */
const tallest = 4000;
const largestPicture = 16_000_000;

interface PdfPreviewProps {
  address: string;
  name: string;
  onError: () => void;
}

/**
 * A PDF document drawn page by page. Its pages are painted, never opened: scripts, forms and links in it have nothing to act on. Only the
 * bytes of the pages that are shown are read.
 */
export function PdfPreview({ address, name, onError }: PdfPreviewProps) {
  const [document, setDocument] = useState<PDFDocumentProxy>();
  const [number, setNumber] = useState(1);
  const canvas = useRef<HTMLCanvasElement>(null);
  const failed = useRef(onError);

  useEffect(() => {
    const task = getDocument({
      url: address,
      disableAutoFetch: true,
      disableStream: true,
      enableXfa: false,
      maxImageSize: largestPicture,
    });
    task.promise.then(setDocument, () => {
      if (!task.destroyed) failed.current();
    });
    return () => void task.destroy();
  }, [address]);

  useEffect(() => {
    const place = canvas.current;
    if (document === undefined || place === null) return;
    let stop = (): void => undefined;
    let stopped = false;
    const draw = async (): Promise<void> => {
      const page = await document.getPage(number);
      const whole = page.getViewport({ scale: 1 });
      const width = place.clientWidth * window.devicePixelRatio;
      const viewport = page.getViewport({ scale: Math.min(width / whole.width, tallest / whole.height) });
      if (stopped) return;
      place.width = Math.floor(viewport.width);
      place.height = Math.floor(viewport.height);
      const drawing = page.render({ canvas: place, viewport });
      stop = () => drawing.cancel();
      await drawing.promise;
    };
    draw().catch(() => {
      if (!stopped) failed.current();
    });
    return () => {
      stopped = true;
      stop();
    };
  }, [document, number]);

  return (
    <div className={styles.pdf}>
      {document === undefined ? <Loading>Reading</Loading> : null}
      <canvas
        ref={canvas}
        role="img"
        aria-label={
          document === undefined ? `Preview of ${name}` : `Page ${number} of ${document.numPages} of ${name}`
        }
      />
      {document === undefined || document.numPages === 1 ? null : (
        <div className={styles.tools}>
          <Button size="compact-xs" disabled={number === 1} onClick={() => setNumber(number - 1)}>
            Previous page
          </Button>
          <Button
            size="compact-xs"
            disabled={number === document.numPages}
            onClick={() => setNumber(number + 1)}
          >
            Next page
          </Button>
          <span className="t2">
            {number} of {document.numPages}
          </span>
        </div>
      )}
    </div>
  );
}
