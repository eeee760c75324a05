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
        autoFocus
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

/** Shows the dialog as soon as it is there, and gives the focus back when it goes. */
function showModal(dialog: HTMLDialogElement | null): (() => void) | undefined {
  if (dialog === null) return undefined;
  dialog.showModal();
  return () => dialog.close();
}

/**
 * Every command by name, from anywhere: Ctrl or Cmd K. A native dialog, because it has the focus within the very key
 * press that opens it, so nothing that is typed at once gets lost.
 */
export function CommandPalette() {
  const open = usePalette((state) => state.open);
  if (!open) return null;
  return (
    <dialog
      ref={showModal}
      className={styles.paletteDialog}
      aria-label="Command palette"
      onClose={(event) => {
        if (!event.currentTarget.open) close();
      }}
      onMouseDown={(event) => {
        if (event.target === event.currentTarget) close();
      }}
    >
      <PaletteContent />
    </dialog>
  );
}
