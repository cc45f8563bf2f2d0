"""Everything this service says to WeChat and hears from it; the home of wechatpy."""
