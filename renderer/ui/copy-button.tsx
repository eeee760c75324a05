import { Button } from '@mantine/core';
import { acknowledge } from './toast';

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    acknowledge('Copied.');
  } catch {
    acknowledge('The browser did not allow copying.');
  }
}

/** Puts a text on the clipboard. */
export function CopyButton({ text, children }: { text: string; children: string }) {
  return <Button onClick={() => void copy(text)}>{children}</Button>;
}
