import { create } from 'zustand';
import styles from './ui.module.css';

interface Toast {
  id: number;
  text: string;
}

const useToasts = create<{ toasts: Toast[]; next: number }>(() => ({ toasts: [], next: 0 }));

/** Acknowledges an act for four seconds, to the eye and to a screen reader. Failures never go here. */
export function acknowledge(text: string): void {
  const id = useToasts.getState().next;
  useToasts.setState((state) => ({ toasts: [...state.toasts, { id, text }], next: id + 1 }));
  setTimeout(
    () => useToasts.setState((state) => ({ toasts: state.toasts.filter((toast) => toast.id !== id) })),
    4000,
  );
}

/** Where acknowledgements appear; once per page. */
export function Toasts() {
  const toasts = useToasts((state) => state.toasts);
  return (
    <div className={styles.toasts} role="status" aria-live="polite" aria-label="Acknowledgements">
      {toasts.map((toast) => (
        <div key={toast.id} className={styles.toast}>
          {toast.text}
        </div>
      ))}
    </div>
  );
}
