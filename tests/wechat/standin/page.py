"""The page for those who try the service by hand."""

from __future__ import annotations

from flask import Response, render_template_string, request

from backend.domain.wechat import Account
from tests.wechat.standin.memory import Memory

_PAGE = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>微信替身</title>
<body style="font-family: sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem">
<h1>微信替身</h1>
<p>这里代替微信的服务器，只供试用和测试。</p>
<h2>小程序登录码</h2>
<p>微信用户 {{ number }} 的一个新登录码，五分钟内可用一次：</p>
<p><code style="font-size: 1.2rem">{{ code }}</code></p>
<p><a href="/?user={{ number }}">再来一个</a> · <a href="/?user={{ number + 1 }}">换一个用户</a></p>
<h2>已发出的订阅消息</h2>
{% for message in sent %}
<p><b>{{ message.at.strftime("%H:%M:%S") }} UTC</b>
{{ names[message.account] }} → {{ message.openid }}，模板 {{ message.template_id }}<br>
{% for name, text in message.fields.items() %}{{ name }}：{{ text }}<br>{% endfor %}
{% if message.page %}点开后进入：{{ message.page }}{% endif %}</p>
{% else %}<p>还没有。</p>{% endfor %}
</body></html>"""

_NAMES = {Account.MINI_PROGRAM: "小程序", Account.SERVICE_ACCOUNT: "服务号"}


def show_page(memory: Memory) -> Response:
    number = max(request.args.get("user", 1, int), 1)
    openid = f"oStandInMiniProgramUser{number:05d}"
    page = render_template_string(
        _PAGE,
        number=number,
        code=memory.issue_code(Account.MINI_PROGRAM, openid),
        sent=reversed(memory.sent),
        names=_NAMES,
    )
    return Response(page, mimetype="text/html")
