/** What a page posts to its preload to ask for a port, and what it gets back with one. */
export const portRequest = 'cutover:port-request';
export const portReply = 'cutover:port';
/** The channel between preload and main on which ports are asked for and handed out. */
export const portChannel = 'cutover:port';
