"""A FastAPI route that checks the events of bench/collector.py with pydantic, and keeps nothing."""

import sys
from datetime import datetime

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel


class Event(BaseModel):
    """A usage event."""

    id: str
    time: datetime
    usage: dict[str, int]
    provider: str
    model: str
    operation: str
    feature: str
    customer: str
    team: str
    user: str
    session: str
    environment: str
    service: str
    endpoint: str
    prompt: str
    release: str
    trace: str
    span: str
    call: str
    attempt: int
    response_id: str
    state: str
    context: dict[str, str | None]
    duration_ms: int
    currency: str


app = FastAPI()


@app.post("/v1/events")
async def events(found: list[Event]) -> dict[str, int]:
    """Count the events of a body."""
    return {"accepted": len(found)}


if __name__ == "__main__":
    print(f"http://127.0.0.1:{sys.argv[1]}", flush=True)
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False, http="httptools", loop="uvloop")
