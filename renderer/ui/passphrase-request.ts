import { create } from 'zustand';

/** Whether the dialog that makes the passphrase vault is asked for; a failure that needs the vault opens it. */
export const usePassphraseRequest = create<{ open: boolean }>(() => ({ open: false }));
