/** What plans name as the worker of a task that runs in the coordinator's process. */
export const LOCAL_WORKER = 'local'
