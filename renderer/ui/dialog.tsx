import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';

/** A modal dialog with a title. Escape and a press outside close it. */
export function Dialog({
  title,
  opened,
  onClose,
  size = 460,
  children,
}: {
  title: string;
  opened: boolean;
  onClose: () => void;
  size?: number;
  children: ReactNode;
}) {
  return (
    <Modal title={title} opened={opened} onClose={onClose} size={size}>
      {children}
    </Modal>
  );
}
