import { app, Menu, shell, type MenuItemConstructorOptions } from 'electron';

/** The application's menu: the usual places, so that copy, zoom and close work as elsewhere. */
export function setMenu(developer: boolean): void {
  const mac: MenuItemConstructorOptions[] = process.platform === 'darwin' ? [{ role: 'appMenu' }] : [];
  const tools: MenuItemConstructorOptions[] = developer
    ? [{ type: 'separator' }, { role: 'toggleDevTools' }]
    : [];
  const template: MenuItemConstructorOptions[] = [
    ...mac,
    { role: 'fileMenu' },
    { role: 'editMenu' },
    {
      label: 'View',
      submenu: [
        { role: 'reload' },
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
        ...tools,
      ],
    },
    { role: 'windowMenu' },
    {
      role: 'help',
      submenu: [
        {
          label: 'Supabase documentation',
          click: () => void shell.openExternal('https://supabase.com/docs'),
        },
        {
          label: 'Cloudflare R2 documentation',
          click: () => void shell.openExternal('https://developers.cloudflare.com/r2/'),
        },
      ],
    },
  ];
  app.setName('Cutover');
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
