from __future__ import annotations
from typing import Any
from ...sql import Integer, String, Table, Timestamp


class InstanceTable(Table):
    name = "instance"

    def configure(self) -> None:
        c = self.columns
        c.column("id", Integer, primary_key=True)
        c.column("name", String, default="mail-proxy")
        c.column("api_token", String)
        c.column("bounce_enabled", Integer, default=0)
        c.column("bounce_imap_host", String)
        c.column("bounce_imap_port", Integer, default=993)
        c.column("bounce_imap_user", String)
        c.column("bounce_imap_password", String)
        c.column("bounce_imap_folder", String, default="INBOX")
        c.column("bounce_return_path", String)
        c.column("bounce_last_uid", Integer)
        c.column("bounce_last_sync", Timestamp)
        c.column("bounce_uidvalidity", Integer)
        c.column("created_at", Timestamp, default="CURRENT_TIMESTAMP")
        c.column("updated_at", Timestamp, default="CURRENT_TIMESTAMP")

    async def get_instance(self) -> dict[str, Any] | None:
        return await self.select_one(where={"id": 1})

    async def ensure_instance(self) -> dict[str, Any]:
        row = await self.get_instance()
        if row is None:
            await self.insert({"id": 1})
            row = await self.get_instance()
        return row

    async def get_bounce_config(self) -> dict[str, Any]:
        row = await self.ensure_instance()
        return {"enabled": bool(row.get("bounce_enabled"))}
