import { Modal } from '@mantine/core';
import { useId, useState, type KeyboardEvent } from 'react';
import { usePalette } from '../ui/page-header';
import { matchCommands, type Command } from './commands.logic';
import { useCommands } from './commands';
import styles from './frame.module.css';

const close = () => usePalette.setState({ open: false });

function PaletteContent() {
  const commands = useCommands();
  const [text, setText] = useState('');
  const [index, setIndex] = useState(0);
  const listId = useId();
  const found = matchCommands(commands, text);
  const selected = Math.min(index, Math.max(0, found.length - 1));
  const run = (command: Command | undefined) => {
    if (command === undefined) return;
    close();
    command.run();
  };
  const onKey = (event: KeyboardEvent) => {
    const move = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (move !== 0 && found.length > 0) {
      event.preventDefault();
      const next = (selected + move + found.length) % found.length;
      setIndex(next);
      document.getElementById(`${listId}-${next}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(found[selected]);
    }
  };
  return (
    <div className={styles.palette}>
      <input
        className={styles.paletteInput}
        role="combobox"
        aria-label="Search or run a command"
        aria-expanded="true"
        aria-controls={listId}
        {...(found.length === 0 ? {} : { 'aria-activedescendant': `${listId}-${selected}` })}
        aria-autocomplete="list"
        placeholder="Search or run a command"
        autoComplete="off"
        data-autofocus
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setIndex(0);
        }}
        onKeyDown={onKey}
      />
      <div
        id={listId}
        className={styles.paletteList}
        role="listbox"
        aria-label="Commands"
        hidden={found.length === 0}
      >
        {found.map((command, position) => (
          <div
            key={command.id}
            id={`${listId}-${position}`}
            className={styles.paletteItem}
            role="option"
            aria-selected={position === selected}
            onMouseMove={() => setIndex(position)}
            onClick={() => run(command)}
          >
            <span>{command.label}</span>
            <small>{command.group}</small>
          </div>
        ))}
      </div>
      {found.length === 0 ? (
        <div className={styles.paletteNone} role="status">
          No command matches.
        </div>
      ) : null}
    </div>
  );
}

/** Every command by name, from anywhere: Ctrl or Cmd K. */
export function CommandPalette() {
  const open = usePalette((state) => state.open);
  return (
    <Modal.Root
      opened={open}
      onClose={close}
      lockScroll={false}
      padding={0}
      size={560}
      yOffset="12dvh"
      centered={false}
    >
      <Modal.Overlay backgroundOpacity={0.45} />
      <Modal.Content aria-label="Command palette">
        <Modal.Body>
          <PaletteContent />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
