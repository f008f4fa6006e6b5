import type { Note, Progress } from './session.ts';

/** Steps within a step, told as where that one is: what is done by the way is no line of its own. */
export function innerProgress(note: Note): Progress {
  return {
    step: async (title, task) => {
      note(title);
      return task((text) => note(text));
    },
    warn: (message) => note(message),
  };
}
